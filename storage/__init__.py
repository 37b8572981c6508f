"""The only room that speaks SQL or touches artifact files. It imports none of the other rooms."""

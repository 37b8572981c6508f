"""Everything that proposes or runs a trial. It imports storage only."""

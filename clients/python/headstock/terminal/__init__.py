"""What a terminal shows beyond lines: curves, tables, and a screen that follows a search.

The curves are ours (`canvas`, `charts`): a hundred lines on rich, so that colours, NO_COLOR, narrow terminals and
recorded consoles work as for every other output; plotting libraries write escape codes past it.
"""

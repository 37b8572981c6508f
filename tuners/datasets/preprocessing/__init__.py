"""From stored arrays to what a model sees: numbers scaled, gaps filled, categories and texts encoded, windows cut.

`options` and `layout` are pure data and rules: the API imports them. `tables`, `texts`, `sequences` and `windows` need
numpy and nothing else, not even each other: their source text goes into programs and bundles that people take home.
"""

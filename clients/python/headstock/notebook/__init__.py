"""How results show themselves in notebooks: HTML without scripts or style sheets, and pictures that the service draws.

IPython is imported only by what runs inside of it; no plotting library is needed.
"""

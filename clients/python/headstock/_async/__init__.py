"""The awaiting client. The waiting one is made from these modules, token by token: `make twins` (tools/twins.py).

Only `_seam.py` is written twice by hand: it holds what truly differs between the two.
"""

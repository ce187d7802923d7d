"""Analysis of a recording in pieces: each alone in any process, joined to the same events as an unsplit run.

``plan`` divides a recording (``planning``); a ``PieceRunner`` runs pieces (``running``); a ``Joiner`` puts results
together (``joining``); ``Analysis`` does all of that in a thread in the background (``background``). Many workers do
it so: run ``unfinished`` units in any order, and whenever one is done, take what ``Joiner.ready`` gives, and run
``Joiner.wanted`` where nobody does yet, until that is None.
"""

"""What the compositor draws, one file a kind: each element draws itself and says which pixels it may change."""

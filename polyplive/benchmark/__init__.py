"""What ``polyplive bench`` measures, compares and draws."""

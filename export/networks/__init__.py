"""The segmentation networks and their encoders."""

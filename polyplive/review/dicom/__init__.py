"""Findings as DICOM objects: a structured report, key frames as secondary captures, and their segmentation."""

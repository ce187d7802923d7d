"""Videos and pictures in DICOM files (PS3.3 to PS3.10), as bytes that FFmpeg reads without copying the file."""

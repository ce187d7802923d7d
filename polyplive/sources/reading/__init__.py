"""Reading recorded videos: what holds their bytes, packets, decoding, numbers and times of frames."""

"""From a decoded picture to the pixels that are shown: colours, shape, fields, eyes."""

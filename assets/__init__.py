"""The rendered demo clip with its known polyps, icons and golden images."""

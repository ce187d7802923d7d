"""How good a model is: on pictures, on recordings, and on the rendered demo."""

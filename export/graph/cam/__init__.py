"""Methods that make a class activation map of activations and gradients, one module each; ``registry`` lists them."""

"""The view that a graphics card draws: samples go to it as they are, and it scales and converts them."""

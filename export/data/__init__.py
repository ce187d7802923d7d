"""What networks learn from: folders of pictures, augmentation, rendered and mined pictures."""

"""The pixels of one picture as its source gave them, and every form that somebody asks for; on the lowest floor."""

"""What is known of models: which a server has, what they can do, and what they cost."""

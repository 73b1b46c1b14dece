"""What is shown in a notebook: the answer as rendered Markdown, in an output that grows while it streams."""

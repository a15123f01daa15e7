"""What a user asks of the model: predictions by command, API and page."""

"""What people can say in chat, one module for each group of verbs."""

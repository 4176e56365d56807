"""What must hold of every case, tried on made-up and hostile ones."""

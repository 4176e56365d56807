"""What if facts were others: the smallest changes that flip an answer, and how sure it is."""

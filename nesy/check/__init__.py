"""Check rules: faults and warnings at their places, sure mends, reports for people and machines."""

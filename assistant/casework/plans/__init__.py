"""Plans made from what every source holds, and carried out step by step once they are approved."""

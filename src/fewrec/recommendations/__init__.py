"""What a recommender answers with: a list of items, how sure each is, and why."""

from fewrec.recommendations.rows import Rating, Reason, Recommendation, Recommendations, Served

__all__ = ["Rating", "Reason", "Recommendation", "Recommendations", "Served"]

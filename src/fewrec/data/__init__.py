"""Tables in, a checked ``Dataset`` out."""

from fewrec.data.dataset import Dataset
from fewrec.data.feedback import Feedback
from fewrec.data.health import HealthReport
from fewrec.data.interactions import Interactions
from fewrec.data.roles import ColumnRoles
from fewrec.data.vocabulary import Vocabulary

__all__ = ["ColumnRoles", "Dataset", "Feedback", "HealthReport", "Interactions", "Vocabulary"]

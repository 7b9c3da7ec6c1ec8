"""All endpoints, room by room."""

from fewrec.service.endpoint import Endpoint
from fewrec.service.routes import (
    entities,
    evaluations,
    events,
    lists,
    manage,
    measures,
    models,
    page,
    privacy,
    state,
    transfer,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    *state.ENDPOINTS,
    *measures.ENDPOINTS,
    *lists.ENDPOINTS,
    *events.ENDPOINTS,
    *entities.ENDPOINTS,
    *privacy.ENDPOINTS,
    *transfer.ENDPOINTS,
    *models.ENDPOINTS,
    *evaluations.ENDPOINTS,
    *manage.ENDPOINTS,
    *page.ENDPOINTS,
)

"""Every stage, in the order in which a case meets them; steps and services by their names."""

from workflow.stage import Service, Signal, Stage, Step
from workflow.stages import agreement, application, classification, consultation, delivery, demand, listing

STAGES: tuple[Stage, ...] = (
    demand.stage,
    listing.stage,
    classification.stage,
    consultation.stage,
    application.stage,
    agreement.stage,
    delivery.stage,
)
STEPS: dict[str, Step] = {name: step for stage in STAGES for name, step in stage.steps.items()}
SERVICES: dict[str, Service] = {name: service for stage in STAGES for name, service in stage.services.items()}
# By the name of a stage, what it gives as signals.
SIGNALS: dict[str, dict[str, Signal]] = {stage.name: stage.signals for stage in STAGES}

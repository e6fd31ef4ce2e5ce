"""The system map: which message goes to which service. One queue a service, so every subscriber gets its own copy."""

from __future__ import annotations

from typing import Literal

from shared.contracts.impressions import ImpressionsRecorded, ImpressionsShown
from shared.contracts.messages import (
    AnalysisMissing,
    CorrectionIndexed,
    ErasureAsked,
    EventsRecorded,
    ImageAnalysed,
    ImageCorrected,
    ImageIndexed,
    ImageRedrawn,
    ImageRejected,
    ImageRemoved,
    ImageStored,
    ImageUnindexed,
    ItemChanged,
    ItemIndexed,
    ItemTextAnalysed,
    Message,
    MessageDied,
    ShopperErased,
    UserEvents,
)
from shared.contracts.reconcile import CatalogueListed, IndexCompared
from shared.contracts.stock import AlertTold, StockAlert, StockLevel, StockMoved

Service = Literal["gateway", "embedder", "indexer", "recommender", "inventory", "authenticity"]

SUBSCRIBERS: dict[type[Message], tuple[Service, ...]] = {
    ImageStored: ("embedder",),
    ImageAnalysed: ("indexer", "inventory"),
    AnalysisMissing: ("embedder",),
    ImageIndexed: ("gateway",),
    ImageRedrawn: ("gateway",),
    ImageRejected: ("gateway", "indexer"),
    ImageRemoved: ("indexer", "inventory"),
    ImageUnindexed: ("gateway",),
    ImageCorrected: ("indexer",),
    CorrectionIndexed: ("gateway",),
    ItemChanged: ("indexer", "embedder", "inventory"),
    ItemTextAnalysed: ("indexer",),
    ItemIndexed: ("gateway",),
    CatalogueListed: ("indexer",),
    IndexCompared: ("gateway",),
    UserEvents: ("recommender",),
    EventsRecorded: ("gateway",),
    ImpressionsShown: ("recommender",),
    ImpressionsRecorded: ("gateway",),
    ErasureAsked: ("recommender",),
    ShopperErased: ("gateway",),
    StockMoved: ("inventory",),
    StockLevel: ("gateway",),
    StockAlert: ("gateway",),
    AlertTold: ("inventory",),
    MessageDied: ("gateway",),
}

WAY_TO_OUTCOME: dict[type[Message], tuple[Service, ...]] = {
    ImageStored: ("embedder", "indexer", "gateway"),
    ImageRemoved: ("indexer", "gateway"),
    ImageCorrected: ("indexer", "gateway"),
    ItemChanged: ("embedder", "indexer", "gateway"),
    UserEvents: ("recommender", "gateway"),
    ImpressionsShown: ("recommender", "gateway"),
    ErasureAsked: ("recommender", "gateway"),
    StockMoved: ("inventory", "gateway"),
    StockAlert: ("gateway", "inventory"),
}
"""The queues that an outbox message passes until its outcome is back where its outbox is. While one of them holds work,
it is not late."""

MESSAGES: dict[str, type[Message]] = {message.name: message for message in SUBSCRIBERS}

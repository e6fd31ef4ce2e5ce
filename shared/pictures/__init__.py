"""Pictures as bytes, shared by who stores them and who looks into them: what tells of people comes off."""

from shared.pictures.stripping import content_type_of, strip

__all__ = ["content_type_of", "strip"]

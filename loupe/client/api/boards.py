"""Boards of pictures, pieces and words; the map of the catalogue; search by colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loupe.client.calls import Call, Form, answer, json_body, nothing
from loupe.client.pictures import Picture
from shared.contracts.boards import (
    Board,
    BoardEntry,
    BoardIn,
    BoardList,
    BoardPicture,
    BoardResults,
    BoardSearch,
    BoardSummary,
    SharedBoard,
)
from shared.contracts.catalogue_map import (
    CatalogueMap,
    Gaps,
    MapLook,
    MapPiece,
    MapPieces,
    PaletteColour,
    PaletteSearch,
)
from shared.contracts.internal import Filters
from shared.contracts.search import Results

_BOARD = "/v1/boards/{board_id}"


def begin_board(title: str, entries: Sequence[BoardEntry] = ()) -> Call[Board]:
    """Make a board."""
    body = json_body(BoardIn(title=title, entries=list(entries)))
    return Call("POST", "/v1/boards", answer(Board), body=body)


def boards() -> Call[list[BoardSummary]]:
    """The shop's boards, the one changed last first."""
    return Call("GET", "/v1/boards", lambda response: answer(BoardList)(response).boards)


def board(board_id: str) -> Call[Board]:
    """A board with what is to be seen on it."""
    return Call("GET", _BOARD, answer(Board), {"board_id": board_id})


def put_board(board_id: str, title: str, entries: Sequence[BoardEntry]) -> Call[Board]:
    """Replace all that is on a board."""
    body = json_body(BoardIn(title=title, entries=list(entries)))
    return Call("PUT", _BOARD, answer(Board), {"board_id": board_id}, body=body)


def erase_board(board_id: str) -> Call[None]:
    """Erase a board, with the pictures that were uploaded to it."""
    return Call("DELETE", _BOARD, nothing, {"board_id": board_id})


def add_board_picture(board_id: str, picture: Picture) -> Call[BoardPicture]:
    """Upload a picture to a board; then name it in an entry."""
    of = {"board_id": board_id}
    return Call("POST", f"{_BOARD}/pictures", answer(BoardPicture), of, body=Form("image", [picture]))


def board_picture(board_id: str, picture_id: str) -> Call[bytes]:
    """The bytes of a picture that was uploaded to a board."""
    of = {"board_id": board_id, "picture_id": picture_id}
    return Call("GET", f"{_BOARD}/pictures/{{picture_id}}", lambda response: response.content, of)


def share_board(board_id: str) -> Call[Board]:
    """Share a board by an address that nobody can guess: its `share_url`."""
    return Call("POST", f"{_BOARD}:share", answer(Board), {"board_id": board_id})


def unshare_board(board_id: str) -> Call[Board]:
    """Share a board no more."""
    return Call("POST", f"{_BOARD}:unshare", answer(Board), {"board_id": board_id})


def search_by_board(
    board_id: str,
    *,
    limit: int = 20,
    filters: Filters | None = None,
    diversity: float = 0.0,
    cursor: str | None = None,
) -> Call[BoardResults]:
    """What is like all that is on a board, each entry by its weight."""
    asked = BoardSearch(limit=limit, filters=filters or Filters(), diversity=diversity, cursor=cursor)
    body = json_body(asked)
    return Call("POST", f"{_BOARD}:search", answer(BoardResults), {"board_id": board_id}, body=body, reads=True)


def shared_board(share_id: str) -> Call[SharedBoard]:
    """A board that somebody shared, by the last part of its address."""
    return Call("GET", "/public/boards/{share_id}", answer(SharedBoard), {"share_id": share_id})


def catalogue_map() -> Call[CatalogueMap]:
    """Where each piece lies on the map. While its `state` is `making`, ask again in some seconds."""
    return Call("GET", "/v1/map", answer(CatalogueMap))


def map_pieces(skus: Sequence[str]) -> Call[list[MapPiece]]:
    """Titles and pictures of up to 100 pieces."""
    body = json_body(MapLook(skus=list(skus)))
    return Call("POST", "/v1/map:look", lambda response: answer(MapPieces)(response).pieces, body=body, reads=True)


def gaps() -> Call[Gaps]:
    """Where people search and the catalogue is thin."""
    return Call("GET", "/v1/map/gaps", answer(Gaps))


def search_by_colours(
    colours: Mapping[str, float], *, limit: int = 20, filters: Filters | None = None
) -> Call[Results]:
    """Pieces of these colours, as `{"#d4af37": 1.0, "#1f7a4d": 0.3}`: each with how much of the piece has it."""
    named = [PaletteColour(colour=colour, share=share) for colour, share in colours.items()]
    body = json_body(PaletteSearch(colours=named, limit=limit, filters=filters or Filters()))
    return Call("POST", "/v1/palette:search", answer(Results), body=body, reads=True)

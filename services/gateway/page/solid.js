// Where the 3-D model of a piece is, if it has one: the gateway lets `model_url` name this very origin alone.

export function modelOf(item) {
  const address = item.model_url ? new URL(item.model_url, location.origin) : null;
  return address?.origin === location.origin ? address.pathname : null;
}

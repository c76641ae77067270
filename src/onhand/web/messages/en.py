"""Messages in English."""

from onhand.web.messages.text import Text

ENGLISH = {
    # stock
    "insufficient_stock": Text(
        "Not enough stock",
        "Too few units are available: {shortages}.",
        "{sku}: {asked} asked, {left} left",
    ),
    "unknown_sku": Text("Unknown SKU", "No registered SKU or alias has this code: {skus}."),
    "unknown_location": Text("Unknown location", "No active location is called {location}."),
    "same_location": Text(
        "Already there",
        "{sku} is to be moved from {location} to {location}. "
        "Name another location to move to, or leave out the line.",
    ),
    "stock_moved": Text(
        "Another number is on hand",
        "{on_hand} of {sku} are on hand at {location}, not {expected_on_hand}. "
        "Look again before you change it.",
    ),
    "reservation_not_found": Text(
        "Reservation not found", "Nothing is or was held under {reservation}."
    ),
    "reservation_ended": Text(
        "Reservation has ended", "The hold {reservation} is over; its state is {state}."
    ),
    "reservation_not_yours": Text(
        "Reservation belongs to somebody else", "The hold {reservation} is not yours to touch."
    ),
    "cart_hold_must_end": Text(
        "A cart's hold must end",
        "{reservation} is a cart's; only an order's hold may be without an end. "
        "Name the moment at which it ends, or make it an order's.",
    ),
    "exceeds_held": Text("More than is held", "{asked} of {sku} to release, but {held} held."),
    "exceeds_reserved": Text(
        "More than was reserved",
        "{reference} reserved {reserved} of {sku} and shipped {shipped}; "
        "{asked} more cannot be shipped.",
    ),
    "exceeds_shipped": Text(
        "More than was shipped", "{asked} of {sku} to return, but {returnable} can come back."
    ),
    "hold_limit_reached": Text(
        "Hold limit reached",
        "{owner} holds {held} of {sku}; with {asked} more it would pass the limit of {limit}.",
    ),
    "invalid_moment": Text("Impossible moment", "{field} cannot be {moment}."),
    "balance_too_large": Text(
        "Balance too large", "The stock of {sku} would pass {limit}, the most that is kept."
    ),
    "idempotency_conflict": Text(
        "Idempotency key used before",
        "The key {idempotency_key} was used with another request. Use a new key.",
    ),
    # locations and stocktakes
    "location_exists": Text("Location exists", "There is a location {location} already."),
    "location_not_empty": Text(
        "Location is not empty",
        "Units of {skus} SKUs lie or are held at {location}; transfer or adjust them first.",
    ),
    "main_location": Text(
        "Main location", "{location} is where units go when no location is named; it stays active."
    ),
    "count_not_found": Text("Stocktake not found", "There is no stocktake {count}."),
    "count_ended": Text("Stocktake has ended", "The stocktake {count} is over; it is {state}."),
    "not_on_sheet": Text("Not on the sheet", "{sku} is not one of the SKUs of stocktake {count}."),
    "count_moved": Text(
        "Stock moved while counting",
        "Units of {sku} moved while it was counted. Count it from the start.",
    ),
    "undo_not_found": Text("Nothing to undo", "No movement of stock belongs to {undoes}."),
    "undo_breaks": Text(
        "Cannot be taken back as it was",
        "What cannot be taken back of {undoes} ({broken} in all): {breaks}. "
        "Take back what is possible, or nothing.",
        "{sku} at {location}: {units} ({why})",
    ),
    "undo_is_final": Text(
        "An undo stays", "{undoes} took something back already. Adjust the stock instead."
    ),
    "not_undoable": Text(
        "Cannot be taken back as a group",
        "{undoes} is {what}; only imports, receipts, adjustments, counts and transfers can be.",
    ),
    "part_of_group": Text(
        "Part of a larger group", "{undoes} is one part of {group}; take that back as a whole."
    ),
    # SKUs, tokens, people
    "invalid_sku_code": Text(
        "Invalid SKU code",
        "A code has 1 to {longest} characters and no control characters: {sku}.",
    ),
    "sku_exists": Text("SKU exists", "The SKU {sku} is registered already."),
    "alias_taken": Text("Code is taken", "{alias} already means the SKU {sku}."),
    "unknown_alias": Text("Unknown alias", "{alias} is not an alias of {sku}."),
    "invalid_sku_field": Text("Invalid SKU", "{field} of {sku} cannot be kept: {why}."),
    "too_many_skus": Text("Too many SKUs", "{asked} SKUs were sent, 1 to {limit} are taken."),
    "invalid_name": Text(
        "Invalid name",
        "A name has 1 to {longest} characters, no control characters and no space around it.",
    ),
    "invalid_lifetime": Text(
        "Invalid lifetime", "{asked_s} seconds were asked, 1 to {longest_s} are possible."
    ),
    "not_allowed": Text("Not allowed", "This needs the right to {right}; the scope is {scope}."),
    "token_not_found": Text("Token not found", "There is no token {token}."),
    "token_already_made": Text(
        "Token was made before",
        "This request has made the token {token}; its secret was shown then and is kept nowhere. "
        "If it did not reach you, revoke that token and make another one under a new key.",
    ),
    "user_exists": Text("Name is taken", "Somebody is called {name} already."),
    "user_not_found": Text("Unknown person", "Nobody is called {name}."),
    "user_inactive": Text("Account is closed", "The account of {name} is closed. Reopen it first."),
    "reserved_name": Text(
        "Name is reserved", "{name} stands for the program itself or its command line."
    ),
    "last_admin": Text(
        "Last administrator",
        "Without {name} nobody could administer any more. "
        "Make somebody else an administrator first.",
    ),
    "too_many_views": Text(
        "Too many saved views", "You keep {limit} views of this list. Remove one first."
    ),
    "invalid_timezone": Text("Unknown time zone", "There is no time zone {timezone}."),
    "weak_password": Text(
        "Password cannot be taken",
        "A password has {shortest} to {longest} characters, at least 4 different ones and no "
        "control characters, and is not the name.",
    ),
    "wrong_password": Text("Not signed in", "Name and password do not belong together."),
    "too_many_attempts": Text(
        "Too many attempts", "Try to sign in again in {retry_after_s} seconds."
    ),
    "set_up_link_invalid": Text(
        "Link no longer works",
        "This link was used, has ended or was replaced. Ask an administrator for a new one.",
    ),
    "link_already_made": Text(
        "Link was made before",
        "This request has made a link for {name}; it was shown then and is kept nowhere. "
        "Make another one under a new key.",
    ),
    "not_signed_in": Text("Signed out", "The session has ended. Sign in again."),
    "live_only": Text(
        "Managed in live", "People belong to the whole installation; use a token of `live`."
    ),
    # stores and listings
    "invalid_store_id": Text(
        "Invalid store id",
        "A store's id has 1 to {longest} characters: a-z, 0-9 and hyphen. This is none: {store}.",
    ),
    "store_exists": Text("Store exists", "There is a store {store} already."),
    "unknown_store": Text("Unknown store", "There is no store {store}."),
    "invalid_store_field": Text("Invalid store", "{field} of {store} cannot be kept: {why}."),
    "invalid_credentials": Text("Invalid key", "{field} of {store} cannot be a key: {why}."),
    "unknown_listing": Text("Unknown listing", "There is no listing {listing}."),
    "listing_mapped": Text(
        "Listing has a SKU",
        "The listing {listing} means the SKU {sku} already. Say that it is to be replaced.",
    ),
    # numbers told to shops
    "invalid_rule": Text("Invalid rule", "{field} must be a whole number from {least} to {most}."),
    "unknown_push": Text(
        "Nothing to try again",
        "The listing {listing} means no SKU, or nothing it was told has failed.",
    ),
    "unknown_drift": Text("No open drift", "The listing {listing} has no open drift."),
    "unknown_job": Text("Unknown job", "There is no job {job}."),
    "unknown_task": Text("Unknown task", "There is no task {task}."),
    "store_inactive": Text(
        "Store was given up", "The store {store} is inactive; nothing is run for it."
    ),
    # orders of shops
    "order_not_found": Text("Unknown order", "The store {store} has no order {order}."),
    "order_not_waiting": Text(
        "Order does not wait",
        "The shop does not wait for {order} of {store} to be confirmed; its state is {state}.",
    ),
    "entry_not_found": Text("Unknown entry", "The order desk has no entry {entry}."),
    "entry_closed": Text("Entry is closed", "The entry {entry} was closed before: {closed_how}."),
    "invalid_reason": Text(
        "Invalid note",
        "Say what was done in 1 to {longest} characters without control characters: {reason}",
    ),
    # the request
    "malformed_json": Text("Malformed JSON", "The body cannot be read as JSON."),
    "invalid_request": Text(
        "Invalid request", "The request is not acceptable: {errors}.", "{field}: {message}"
    ),
    "too_many_lines": Text(
        "Too many lines", "{lines} lines were sent, at most {limit} are taken at once."
    ),
    "unsupported_media_type": Text(
        "Unsupported content type", "Send the body as {expected}, with that Content-Type."
    ),
    "body_too_large": Text("Body too large", "The body is larger than {limit_bytes} bytes."),
    "not_found": Text("Not found", "There is nothing at {path}."),
    "method_not_allowed": Text("Method not allowed", "{method} is not possible at {path}."),
    # who is asking
    "missing_token": Text(
        "Token required", "Send a token in the header `Authorization: Bearer …`."
    ),
    "invalid_token": Text("Invalid token", "The token is unknown, has expired or was revoked."),
    "insufficient_scope": Text(
        "Not allowed", "This needs the right to {needed}; the token's scope is {scope}."
    ),
    "owner_token_refused": Text(
        "Not allowed for an owner token",
        "A token bound to one owner can read levels and touch that owner's holds, nothing else.",
    ),
    "too_many_requests": Text(
        "Too many requests",
        "The token may send {per_minute} requests a minute. The next one is taken in "
        "{retry_after_s} s.",
    ),
    "test_only": Text("Test data only", "This is refused in the environment {environment}."),
    # the server
    "database_unavailable": Text(
        "Database unavailable",
        "The database cannot be used at the moment. Nothing was acknowledged; try again.",
    ),
    "export_busy": Text(
        "Too many exports", "{limit} exports are under way. Try again when one is done."
    ),
    "shutting_down": Text("Shutting down", "The server is stopping. Try again in a moment."),
    "internal_error": Text(
        "Internal error", "Something went wrong on our side. The server's log has the request id."
    ),
    # files
    "unknown_import": Text("Unknown import", "There is no import {import_id}."),
    "unknown_file": Text("Unknown file", "No file with the SHA-256 {file} is kept. Send it again."),
    "import_not_ready": Text(
        "Not possible now", "The import {import_id} is {state}; this cannot be done with it."
    ),
    "import_moved": Text(
        "Stock has moved",
        "The stock of these SKUs has moved since the preview ({count} in all): {moved}. "
        "Look at the preview of the same file again, or leave them out.",
        "{sku}: {expected_on_hand} expected, {on_hand} on hand",
    ),
    "import_failed": Text(
        "Import failed",
        "Looking through this file has failed several times for a reason of our own; "
        "the server's log has it.",
    ),
    "file_too_large": Text(
        "File too large",
        "The file has {size_bytes} bytes or more; {limit_bytes} are taken. Split it, leave out "
        "columns that are not needed, or raise IMPORT_MAX_BYTES.",
    ),
    "too_many_rows": Text(
        "Too many rows",
        "The file has more than {limit} rows. Split it, or raise IMPORT_MAX_ROWS.",
    ),
    "unreadable_file": Text("File cannot be read", "{found}"),
    "unpacked_too_large": Text(
        "Workbook too large",
        "The workbook would unpack to {found} {what}; {limit} are taken at most. "
        "Delete what lies far from the table, or save the sheet as CSV.",
    ),
    "unknown_encoding": Text("Unknown encoding", "{encoding} cannot be read; there are {known}."),
    "unknown_delimiter": Text(
        "Unknown delimiter", "{delimiter} separates nothing here; there are {known}."
    ),
    "unknown_sheet": Text("Unknown sheet", "There is no sheet {sheet}; there are {known}."),
    "unknown_column": Text(
        "Unknown column", "There is no column {column} for {role}; there are {known}."
    ),
    "no_sku_column": Text(
        "No column for the SKU",
        "No column names SKUs. Name it in the mapping, or call it one of {known}. "
        "The header read is: {header}.",
    ),
    "invalid_code_rule": Text(
        "Invalid rule for codes",
        "The rule {rule} makes no code: {why}. Columns it can name: {known}.",
    ),
}

"""What each setting means, in groups; docs/reference/settings.md says it at length."""

from onhand.web.console.languages import mark

GROUPS: dict[str, dict[str, str]] = {
    mark("Data"): {
        "onhand_home": mark("Folder of SQLite files, first tokens and the secret key"),
        "database_url": mark("Where the data is"),
        "test_database_url": mark("Another place for the data of Test"),
        "onhand_secret_key": mark("Encrypts the keys of stores; without it a file in the folder"),
    },
    mark("Server"): {
        "host": mark("Address the server listens on"),
        "port": mark("Port the server listens on"),
        "run_jobs": mark("This process also takes in orders and pushes stock"),
        "sweep_interval_s": mark("Seconds between two sweeps that record ended holds"),
        "log_level": mark("Least important lines that are logged"),
        "log_format": mark("Form of log lines"),
    },
    mark("People and tokens"): {
        "session_idle_s": mark("Seconds without a visit after which a person is signed out"),
        "session_max_s": mark("Seconds after which a person signs in again in any case"),
        "token_requests_per_minute": mark("Requests a minute that a token may send; 0: any number"),
    },
    mark("Stock"): {
        "inventory_reservation_ttl": mark("Seconds after which a cart's hold ends"),
        "order_reservation_ttl": mark("Seconds after which an unpaid order's hold ends"),
        "reservation_max_units_per_owner": mark("Most units of a SKU that one owner may hold"),
        "inventory_batch_size": mark("Most lines of a command, and codes of a read"),
    },
    mark("Requests and files"): {
        "max_body_bytes": mark("Longest request, in bytes"),
        "import_max_bytes": mark("Largest file that is imported, in bytes"),
        "import_max_rows": mark("Most rows of a file that is imported"),
        "import_preview_ttl": mark("Seconds after which a preview nobody confirmed is forgotten"),
    },
    mark("Shops"): {
        "rakuten_base_url": mark("Where Rakuten's services are, for Live"),
        "rakuten_order_calls_per_s": mark("Calls a second to each function of Rakuten's orders"),
        "mock_mode": mark("Live uses the simulated shops, too"),
        "simulator_port": mark("Port of the simulated shops"),
        "simulator_orders_per_hour": mark("Orders an hour that the simulated shops sell"),
    },
}

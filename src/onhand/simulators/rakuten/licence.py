"""The licence expiry API (reference 1.1)."""

from onhand.simulators.rakuten.call import Call, errors
from onhand.simulators.rakuten.wire import JST, Response, ok


def expiry_date(call: Call) -> Response:
    """Until when a licence key works: Japanese time, without a zone."""
    asked = dict(call.request.parameters()).get("licenseKey", "")
    for key in call.shop.record.keys:
        if key.text == asked:
            return ok({"expiryDate": f"{key.expires_at.astimezone(JST):%Y-%m-%dT%H:%M:%S}"})
    return errors(400, "IE0002", "[simulated] licenseKey is none of this shop's", "licenseKey")

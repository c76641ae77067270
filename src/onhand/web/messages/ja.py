"""Messages in Japanese."""

from onhand.web.messages.text import Text

JAPANESE = {
    # stock
    "insufficient_stock": Text(
        "在庫が足りません",
        "販売可能な数量が足りません：{shortages}。",
        "{sku}（要求 {asked}、残り {left}）",
    ),
    "unknown_sku": Text("不明なSKU", "このコードのSKUまたは別名は登録されていません：{skus}。"),
    "unknown_location": Text("不明な拠点", "有効な拠点 {location} はありません。"),
    "same_location": Text(
        "移動元と移動先が同じです",
        "{sku} の移動元と移動先がどちらも {location} です。"
        "別の移動先を指定するか、この行を除いてください。",
    ),
    "stock_moved": Text(
        "在庫数が変わっています",
        "{location} の {sku} の現有在庫は {expected_on_hand} ではなく {on_hand} です。"
        "数を確認し直してから変更してください。",
    ),
    "reservation_not_found": Text("引当が見つかりません", "{reservation} による引当はありません。"),
    "reservation_ended": Text(
        "引当は終了しています", "引当 {reservation} は終了しています（状態：{state}）。"
    ),
    "reservation_not_yours": Text(
        "他者の引当です", "引当 {reservation} を操作する権限がありません。"
    ),
    "cart_hold_must_end": Text(
        "カートの引当には期限が必要です",
        "{reservation} はカートの引当です。無期限にできるのは注文の引当だけです。"
        "終了日時を指定するか、注文の引当に切り替えてください。",
    ),
    "exceeds_held": Text(
        "引当数を超えています",
        "{sku} を {asked} 個解除しようとしましたが、引当は {held} 個です。",
    ),
    "exceeds_reserved": Text(
        "引当数を超えています",
        "{reference} は {sku} を {reserved} 個引当て、{shipped} 個出荷済みのため、"
        "さらに {asked} 個は出荷できません。",
    ),
    "exceeds_shipped": Text(
        "出荷数を超えています",
        "{sku} を {asked} 個戻そうとしましたが、返品できるのは {returnable} 個です。",
    ),
    "hold_limit_reached": Text(
        "引当の上限に達しました",
        "{owner} は {sku} を {held} 個引当中で、あと {asked} 個で上限 {limit} 個を超えます。",
    ),
    "invalid_moment": Text("あり得ない日時", "{field} に {moment} は指定できません。"),
    "balance_too_large": Text("在庫数が大きすぎます", "{sku} の在庫数が上限 {limit} を超えます。"),
    "idempotency_conflict": Text(
        "冪等キーは使用済みです",
        "キー {idempotency_key} は別の内容で使用済みです。新しいキーを使ってください。",
    ),
    # locations and stocktakes
    "location_exists": Text("拠点は登録済みです", "拠点 {location} はすでにあります。"),
    "location_not_empty": Text(
        "拠点が空ではありません",
        "{location} に {skus} 件のSKUの在庫または引当があります。先に移動か調整をしてください。",
    ),
    "main_location": Text(
        "主拠点です", "{location} は拠点の指定がない在庫の置き場のため、無効にできません。"
    ),
    "count_not_found": Text("棚卸が見つかりません", "棚卸 {count} はありません。"),
    "count_ended": Text("棚卸は終了しています", "棚卸 {count} は終了しています（状態：{state}）。"),
    "not_on_sheet": Text("棚卸の対象外です", "{sku} は棚卸 {count} の対象に入っていません。"),
    "count_moved": Text(
        "数えている間に在庫が動きました",
        "{sku} は数えている間に在庫が動きました。最初から数え直してください。",
    ),
    "undo_not_found": Text("取り消す対象がありません", "{undoes} に属する在庫の動きはありません。"),
    "undo_breaks": Text(
        "元に戻せない変更があります",
        "{undoes} のうち {broken} 件は元に戻せません：{breaks}。"
        "できる分だけ戻すか、全体を取りやめてください。",
        "{location} の {sku}：{units}（{why}）",
    ),
    "undo_is_final": Text(
        "取り消しは取り消せません",
        "{undoes} は取り消しそのものです。在庫調整で直してください。",
    ),
    "not_undoable": Text(
        "まとめて取り消せません",
        "{undoes} は {what} です。取り消せるのは取り込み、入荷、調整、棚卸、移動だけです。",
    ),
    "part_of_group": Text(
        "まとまりの一部です", "{undoes} は {group} の一部です。全体を取り消してください。"
    ),
    # SKUs, tokens, people
    "invalid_sku_code": Text(
        "SKUコードが不正です",
        "コードは制御文字を含まない1〜{longest}文字です：{sku}。",
    ),
    "sku_exists": Text("SKUは登録済みです", "SKU {sku} はすでに登録されています。"),
    "alias_taken": Text("コードは使用中です", "{alias} はすでにSKU {sku} を指しています。"),
    "unknown_alias": Text("不明な別名", "{alias} は {sku} の別名ではありません。"),
    "invalid_sku_field": Text("SKUの内容が不正です", "{sku} の {field} は保存できません：{why}。"),
    "too_many_skus": Text(
        "SKUが多すぎます", "{asked} 件のSKUが送信されました。受け付けるのは1〜{limit}件です。"
    ),
    "invalid_name": Text(
        "名前が不正です", "名前は1〜{longest}文字で、制御文字や前後の空白は使えません。"
    ),
    "invalid_lifetime": Text(
        "有効期間が不正です", "{asked_s} 秒が指定されました。可能なのは1〜{longest_s}秒です。"
    ),
    "not_allowed": Text(
        "権限がありません", "この操作には {right} の権限が必要です（トークンの権限：{scope}）。"
    ),
    "token_not_found": Text("トークンが見つかりません", "トークン {token} はありません。"),
    "token_already_made": Text(
        "トークンは発行済みです",
        "このリクエストでトークン {token} を発行済みです。秘密は発行時に一度だけ表示され、"
        "保存されていません。届いていない場合は、そのトークンを取り消し、"
        "新しいキーで発行し直してください。",
    ),
    "user_exists": Text("名前は使用中です", "{name} という名前はすでに使われています。"),
    "user_not_found": Text("ユーザーが見つかりません", "{name} というユーザーはいません。"),
    "user_inactive": Text(
        "アカウントは停止中です",
        "{name} のアカウントは停止されています。先に再開してください。",
    ),
    "reserved_name": Text(
        "使用できない名前です", "{name} はシステムまたはコマンドラインを表す名前です。"
    ),
    "last_admin": Text(
        "最後の管理者です",
        "{name} を外すと管理者がいなくなります。先に別のユーザーを管理者にしてください。",
    ),
    "too_many_views": Text(
        "保存した表示が多すぎます",
        "この一覧に保存できる表示は{limit}件までです。先にどれかを削除してください。",
    ),
    "invalid_timezone": Text("不明なタイムゾーン", "タイムゾーン {timezone} はありません。"),
    "weak_password": Text(
        "このパスワードは使用できません",
        "パスワードは{shortest}〜{longest}文字で、4種類以上の文字を含み、制御文字を含まず、"
        "名前と異なるものにしてください。",
    ),
    "wrong_password": Text("ログインできません", "名前またはパスワードが正しくありません。"),
    "too_many_attempts": Text(
        "試行回数が多すぎます", "{retry_after_s}秒後にもう一度ログインしてください。"
    ),
    "set_up_link_invalid": Text(
        "リンクは無効です",
        "このリンクは使用済み、期限切れ、または再発行済みです。"
        "管理者に新しいリンクを依頼してください。",
    ),
    "link_already_made": Text(
        "リンクは発行済みです",
        "このリクエストで {name} のリンクは発行済みです。リンクは発行時に一度だけ表示され、"
        "保存されていません。新しいキーで発行し直してください。",
    ),
    "not_signed_in": Text(
        "ログアウトしています", "セッションは終了しました。ログインし直してください。"
    ),
    "live_only": Text(
        "本番環境で管理します",
        "ユーザーはシステム全体で共通です。`live` のトークンを使用してください。",
    ),
    # stores and listings
    "invalid_store_id": Text(
        "店舗IDが不正です",
        "店舗IDは半角英小文字・数字・ハイフンの1〜{longest}文字です：{store}。",
    ),
    "store_exists": Text("店舗は登録済みです", "店舗 {store} はすでにあります。"),
    "unknown_store": Text("不明な店舗", "店舗 {store} はありません。"),
    "invalid_store_field": Text(
        "店舗の内容が不正です", "{store} の {field} は保存できません：{why}。"
    ),
    "invalid_credentials": Text(
        "認証キーが不正です", "{store} の {field} はキーとして使えません：{why}。"
    ),
    "unknown_listing": Text("不明な出品", "出品 {listing} はありません。"),
    "listing_mapped": Text(
        "出品は紐づけ済みです",
        "出品 {listing} はすでにSKU {sku} に紐づいています。"
        "置き換える場合はその旨を指定してください。",
    ),
    # ショップへの在庫連携
    "invalid_rule": Text(
        "ルールが正しくありません", "{field} は {least} から {most} までの整数にしてください。"
    ),
    "unknown_push": Text(
        "再試行するものがありません",
        "出品 {listing} は SKU に結び付いていないか、失敗した在庫連携がありません。",
    ),
    "unknown_drift": Text(
        "未解決のズレがありません", "出品 {listing} に未解決のズレはありません。"
    ),
    "unknown_job": Text("ジョブがありません", "ジョブ {job} はありません。"),
    "unknown_task": Text("タスクがありません", "タスク {task} はありません。"),
    "store_inactive": Text(
        "店舗は無効です", "店舗 {store} は無効になっているため、何も実行されません。"
    ),
    # ショップの注文
    "order_not_found": Text("注文がありません", "店舗 {store} に注文 {order} はありません。"),
    "order_not_waiting": Text(
        "注文は確認待ちではありません",
        "店舗 {store} の注文 {order} は確認待ちではありません。状態は {state} です。",
    ),
    "entry_not_found": Text("項目がありません", "注文デスクに項目 {entry} はありません。"),
    "entry_closed": Text(
        "項目は完了しています", "項目 {entry} はすでに完了しています: {closed_how}"
    ),
    "invalid_reason": Text(
        "メモが正しくありません",
        "何をしたかを、制御文字を含まない 1 から {longest} 文字で書いてください: {reason}",
    ),
    # the request
    "malformed_json": Text("JSONの形式が不正です", "本文をJSONとして読み取れません。"),
    "invalid_request": Text(
        "リクエストが不正です", "受け付けられない値があります：{errors}。", "{field}：{message}"
    ),
    "too_many_lines": Text(
        "行数が多すぎます", "{lines} 行が送信されました。一度に受け付けるのは {limit} 行までです。"
    ),
    "unsupported_media_type": Text(
        "対応していない形式です",
        "本文は {expected} で送り、Content-Type にもそう指定してください。",
    ),
    "body_too_large": Text("本文が大きすぎます", "本文が {limit_bytes} バイトを超えています。"),
    "not_found": Text("見つかりません", "{path} には何もありません。"),
    "method_not_allowed": Text("許可されていないメソッドです", "{path} に {method} は使えません。"),
    # who is asking
    "missing_token": Text(
        "トークンが必要です", "ヘッダー `Authorization: Bearer …` でトークンを送ってください。"
    ),
    "invalid_token": Text(
        "無効なトークンです", "トークンが不明、期限切れ、または取り消されています。"
    ),
    "insufficient_scope": Text(
        "権限がありません", "この操作には {needed} の権限が必要です（トークンの権限：{scope}）。"
    ),
    "owner_token_refused": Text(
        "所有者トークンでは使えません",
        "所有者に限定されたトークンでできるのは、在庫数の参照とその所有者の引当だけです。",
    ),
    "too_many_requests": Text(
        "リクエストが多すぎます",
        "このトークンで送れるのは1分間に {per_minute} 件までです。{retry_after_s} 秒後に"
        "もう一度お送りください。",
    ),
    "test_only": Text("テスト環境専用です", "環境 {environment} ではこの操作はできません。"),
    # the server
    "database_unavailable": Text(
        "データベースを利用できません",
        "現在データベースを利用できません。何も確定していません。再試行してください。",
    ),
    "export_busy": Text(
        "書き出しが混み合っています",
        "{limit} 件の書き出しを実行中です。終わるのを待って再試行してください。",
    ),
    "shutting_down": Text(
        "停止処理中です", "サーバーは停止処理中です。しばらくして再試行してください。"
    ),
    "internal_error": Text(
        "内部エラー", "サーバー側で問題が発生しました。リクエストIDがログに残っています。"
    ),
    # files
    "unknown_import": Text("取込が見つかりません", "取込 {import_id} はありません。"),
    "unknown_file": Text(
        "ファイルが見つかりません",
        "SHA-256 が {file} のファイルは保存されていません。もう一度送ってください。",
    ),
    "import_not_ready": Text(
        "いまはできません", "取込 {import_id} の状態は「{state}」のため、この操作はできません。"
    ),
    "import_moved": Text(
        "在庫が動きました",
        "プレビュー後に {count} 件の SKU の在庫が動きました：{moved}。"
        "同じファイルをもう一度プレビューするか、それらを除いてください。",
        "{sku}：想定 {expected_on_hand}、現在 {on_hand}",
    ),
    "import_failed": Text(
        "取込に失敗しました",
        "このファイルの読み取りは、こちらの原因で何度も失敗しました。サーバーのログをご覧ください。",
    ),
    "file_too_large": Text(
        "ファイルが大きすぎます",
        "ファイルは {size_bytes} バイト以上ですが、上限は {limit_bytes} バイトです。"
        "分割するか、不要な列を除くか、IMPORT_MAX_BYTES を上げてください。",
    ),
    "too_many_rows": Text(
        "行が多すぎます",
        "ファイルの行数が {limit} を超えています。分割するか、IMPORT_MAX_ROWS を上げてください。",
    ),
    "unreadable_file": Text("読み取れないファイルです", "{found}"),
    "unpacked_too_large": Text(
        "ブックが大きすぎます",
        "展開すると上限を超えます（{what}：{found}、上限 {limit}）。"
        "表から離れたセルを削除するか、シートを CSV で保存してください。",
    ),
    "unknown_encoding": Text("不明な文字コード", "{encoding} は読めません。使えるもの：{known}。"),
    "unknown_delimiter": Text(
        "不明な区切り文字", "{delimiter} は区切り文字ではありません。使えるもの：{known}。"
    ),
    "unknown_sheet": Text(
        "シートがありません", "シート {sheet} はありません。あるのは {known} です。"
    ),
    "unknown_column": Text(
        "列がありません", "{role} の列 {column} はありません。あるのは {known} です。"
    ),
    "no_sku_column": Text(
        "SKU の列がありません",
        "SKU を示す列がありません。"
        "列の対応で指定するか、次のいずれかの名前にしてください：{known}。"
        "読み取った見出し：{header}。",
    ),
    "invalid_code_rule": Text(
        "コードの規則が不正です",
        "規則 {rule} からはコードを作れません：{why}。指定できる列：{known}。",
    ),
}

"""Messages in Chinese."""

from onhand.web.messages.text import Text

CHINESE = {
    # stock
    "insufficient_stock": Text(
        "库存不足",
        "可用数量不足：{shortages}。",
        "{sku}（请求 {asked}，剩余 {left}）",
    ),
    "unknown_sku": Text("未知的 SKU", "没有已登记的 SKU 或别名使用此编码：{skus}。"),
    "unknown_location": Text("未知的仓库", "没有名为 {location} 的启用仓库。"),
    "same_location": Text(
        "调出与调入仓库相同",
        "{sku} 的调出和调入仓库都是 {location}。请指定另一个调入仓库，或去掉这一行。",
    ),
    "stock_moved": Text(
        "库存数已变化",
        "{location} 的 {sku} 现有库存是 {on_hand}，不是 {expected_on_hand}。"
        "请重新确认数量后再修改。",
    ),
    "reservation_not_found": Text("找不到预占", "{reservation} 名下没有预占。"),
    "reservation_ended": Text("预占已结束", "预占 {reservation} 已结束（状态：{state}）。"),
    "reservation_not_yours": Text("预占属于他人", "您无权操作预占 {reservation}。"),
    "cart_hold_must_end": Text(
        "购物车的预占必须有期限",
        "{reservation} 是购物车的预占，只有订单的预占可以没有期限。"
        "请指定结束时间，或将其转为订单。",
    ),
    "exceeds_held": Text("超过预占数量", "要释放 {sku} {asked} 件，但只预占了 {held} 件。"),
    "exceeds_reserved": Text(
        "超过预占数量",
        "{reference} 预占了 {sku} {reserved} 件，已出库 {shipped} 件，无法再出库 {asked} 件。",
    ),
    "exceeds_shipped": Text(
        "超过出库数量", "要退回 {sku} {asked} 件，但最多只能退回 {returnable} 件。"
    ),
    "hold_limit_reached": Text(
        "达到预占上限",
        "{owner} 已预占 {sku} {held} 件，再加 {asked} 件将超过上限 {limit} 件。",
    ),
    "invalid_moment": Text("不可能的时间", "{field} 不能是 {moment}。"),
    "balance_too_large": Text("库存数量过大", "{sku} 的库存将超过上限 {limit}。"),
    "idempotency_conflict": Text(
        "幂等键已被使用",
        "幂等键 {idempotency_key} 已用于另一个请求，请使用新的键。",
    ),
    # locations and stocktakes
    "location_exists": Text("仓库已存在", "仓库 {location} 已经存在。"),
    "location_not_empty": Text(
        "仓库不为空", "{location} 仍有 {skus} 个 SKU 的库存或预占，请先调拨或调整。"
    ),
    "main_location": Text("主仓库", "{location} 是未指定仓库时的默认仓库，不能停用。"),
    "count_not_found": Text("找不到盘点单", "盘点单 {count} 不存在。"),
    "count_ended": Text("盘点已结束", "盘点单 {count} 已结束（状态：{state}）。"),
    "not_on_sheet": Text("不在盘点单上", "{sku} 不在盘点 {count} 的清单里。"),
    "count_moved": Text("盘点时库存有变动", "清点 {sku} 期间库存有变动，请从头重新清点。"),
    "undo_not_found": Text("没有可撤销的内容", "没有属于 {undoes} 的库存变动。"),
    "undo_breaks": Text(
        "有变动无法撤销",
        "{undoes} 中有 {broken} 项无法撤销：{breaks}。请只撤销可撤销的部分，或全部不撤销。",
        "{location} 的 {sku}：{units}（{why}）",
    ),
    "undo_is_final": Text("撤销不能再撤销", "{undoes} 本身就是一次撤销。请改用库存调整。"),
    "not_undoable": Text(
        "不能整组撤销",
        "{undoes} 是 {what}；只有导入、入库、调整、盘点和调拨可以撤销。",
    ),
    "part_of_group": Text("属于更大的一组", "{undoes} 是 {group} 的一部分，请整组撤销。"),
    # SKUs, tokens, people
    "invalid_sku_code": Text("SKU 编码无效", "编码应为 1–{longest} 个字符且不含控制字符：{sku}。"),
    "sku_exists": Text("SKU 已存在", "SKU {sku} 已经登记。"),
    "alias_taken": Text("编码已被占用", "{alias} 已指向 SKU {sku}。"),
    "unknown_alias": Text("未知的别名", "{alias} 不是 {sku} 的别名。"),
    "invalid_sku_field": Text("SKU 内容无效", "{sku} 的 {field} 无法保存：{why}。"),
    "too_many_skus": Text("SKU 过多", "发送了 {asked} 个 SKU，一次可接受 1–{limit} 个。"),
    "invalid_name": Text("名称无效", "名称应为 1–{longest} 个字符，不含控制字符，首尾不能有空格。"),
    "invalid_lifetime": Text("有效期无效", "请求了 {asked_s} 秒，允许的范围是 1–{longest_s} 秒。"),
    "not_allowed": Text("没有权限", "此操作需要 {right} 权限；该令牌的权限范围是 {scope}。"),
    "token_not_found": Text("找不到令牌", "令牌 {token} 不存在。"),
    "token_already_made": Text(
        "令牌已经创建",
        "此请求已创建令牌 {token}，其密钥当时只显示了一次，未作保存。"
        "如果没有收到，请吊销该令牌，并用新的幂等键重新创建。",
    ),
    "user_exists": Text("名称已被占用", "名称 {name} 已被使用。"),
    "user_not_found": Text("用户不存在", "没有名为 {name} 的用户。"),
    "user_inactive": Text("账号已停用", "{name} 的账号已停用，请先恢复。"),
    "reserved_name": Text("名称不可使用", "{name} 代表系统本身或其命令行。"),
    "last_admin": Text("最后一位管理员", "没有 {name} 就没有管理员了。请先将其他用户设为管理员。"),
    "too_many_views": Text("保存的视图过多", "此列表最多保存 {limit} 个视图。请先删除一个。"),
    "invalid_timezone": Text("时区不存在", "没有名为 {timezone} 的时区。"),
    "weak_password": Text(
        "密码不可用",
        "密码须为{shortest}至{longest}个字符，至少包含4种不同字符，不含控制字符，且不能与名称相同。",
    ),
    "wrong_password": Text("登录失败", "名称或密码不正确。"),
    "too_many_attempts": Text("尝试次数过多", "请在 {retry_after_s} 秒后重新登录。"),
    "set_up_link_invalid": Text(
        "链接已失效", "该链接已使用、已过期或已被替换。请向管理员索取新链接。"
    ),
    "link_already_made": Text(
        "链接已创建",
        "此请求已为 {name} 创建链接；链接只显示一次，未被保存。请用新的幂等键重新创建。",
    ),
    "not_signed_in": Text("已退出登录", "会话已结束，请重新登录。"),
    "live_only": Text("在正式环境中管理", "用户属于整个系统；请使用 `live` 的令牌。"),
    # stores and listings
    "invalid_store_id": Text(
        "店铺编号无效",
        "店铺编号为1至{longest}个小写英文字母、数字或连字符：{store}。",
    ),
    "store_exists": Text("店铺已存在", "店铺 {store} 已经存在。"),
    "unknown_store": Text("未知店铺", "没有店铺 {store}。"),
    "invalid_store_field": Text("店铺内容无效", "{store} 的 {field} 无法保存：{why}。"),
    "invalid_credentials": Text("密钥无效", "{store} 的 {field} 不能作为密钥：{why}。"),
    "unknown_listing": Text("未知店铺商品", "没有店铺商品 {listing}。"),
    "listing_mapped": Text(
        "店铺商品已对应",
        "店铺商品 {listing} 已对应 SKU {sku}。如需替换，请明确指定。",
    ),
    # 推送到店铺的数量
    "invalid_rule": Text("规则无效", "{field} 必须是 {least} 到 {most} 的整数。"),
    "unknown_push": Text("没有可重试的推送", "店铺商品 {listing} 没有对应 SKU，或没有失败的推送。"),
    "unknown_drift": Text("没有未处理的偏差", "店铺商品 {listing} 没有未处理的偏差。"),
    "unknown_job": Text("没有此作业", "没有作业 {job}。"),
    "unknown_task": Text("没有此任务", "没有任务 {task}。"),
    "store_inactive": Text("店铺已停用", "店铺 {store} 已停用，不会为它运行任何作业。"),
    # 店铺订单
    "order_not_found": Text("没有此订单", "店铺 {store} 没有订单 {order}。"),
    "order_not_waiting": Text(
        "订单不在等待确认", "店铺 {store} 的订单 {order} 不在等待确认，状态为 {state}。"
    ),
    "entry_not_found": Text("没有此条目", "订单处理台没有条目 {entry}。"),
    "entry_closed": Text("条目已关闭", "条目 {entry} 已经关闭：{closed_how}"),
    "invalid_reason": Text(
        "备注无效", "请用 1 到 {longest} 个字符说明处理方式，不含控制字符：{reason}"
    ),
    # the request
    "malformed_json": Text("JSON 格式错误", "请求正文无法按 JSON 解析。"),
    "invalid_request": Text("请求无效", "请求中有不可接受的值：{errors}。", "{field}：{message}"),
    "too_many_lines": Text("行数过多", "发送了 {lines} 行，一次最多接受 {limit} 行。"),
    "unsupported_media_type": Text(
        "不支持的内容类型", "请以 {expected} 发送正文，并设置相应的 Content-Type。"
    ),
    "body_too_large": Text("请求正文过大", "请求正文超过 {limit_bytes} 字节。"),
    "not_found": Text("未找到", "{path} 不存在。"),
    "method_not_allowed": Text("不允许的方法", "{path} 不支持 {method}。"),
    # who is asking
    "missing_token": Text("需要令牌", "请在请求头 `Authorization: Bearer …` 中发送令牌。"),
    "invalid_token": Text("令牌无效", "令牌未知、已过期或已被吊销。"),
    "insufficient_scope": Text(
        "没有权限", "此操作需要 {needed} 权限；该令牌的权限范围是 {scope}。"
    ),
    "owner_token_refused": Text(
        "客户令牌不能使用",
        "绑定到单个客户的令牌只能读取库存数量和操作该客户的预占。",
    ),
    "too_many_requests": Text(
        "请求过于频繁",
        "此令牌每分钟最多可发送 {per_minute} 个请求，请在 {retry_after_s} 秒后重试。",
    ),
    "test_only": Text("仅限测试环境", "在环境 {environment} 中不允许此操作。"),
    # the server
    "database_unavailable": Text(
        "数据库不可用", "数据库目前无法使用。没有任何操作被确认，请重试。"
    ),
    "export_busy": Text("导出任务过多", "正在进行 {limit} 个导出，请等其中一个完成后重试。"),
    "shutting_down": Text("正在停止", "服务器正在停止，请稍后重试。"),
    "internal_error": Text("内部错误", "服务器出现问题，日志中有本次请求的编号。"),
    # files
    "unknown_import": Text("导入不存在", "没有导入 {import_id}。"),
    "unknown_file": Text("文件不存在", "没有保存 SHA-256 为 {file} 的文件，请重新发送。"),
    "import_not_ready": Text(
        "现在不能这样做", "导入 {import_id} 的状态是“{state}”，不能执行此操作。"
    ),
    "import_moved": Text(
        "库存已变动",
        "预览之后有 {count} 个 SKU 的库存发生了变动：{moved}。请重新预览同一文件，或将它们排除。",
        "{sku}：预期 {expected_on_hand}，现有 {on_hand}",
    ),
    "import_failed": Text("导入失败", "由于我们自身的原因，读取此文件多次失败；请查看服务器日志。"),
    "file_too_large": Text(
        "文件过大",
        "文件有 {size_bytes} 字节或更多，上限为 {limit_bytes} 字节。"
        "请拆分文件、去掉不需要的列，或提高 IMPORT_MAX_BYTES。",
    ),
    "too_many_rows": Text("行数过多", "文件超过 {limit} 行。请拆分文件，或提高 IMPORT_MAX_ROWS。"),
    "unreadable_file": Text("文件无法读取", "{found}"),
    "unpacked_too_large": Text(
        "工作簿过大",
        "工作簿展开后超过上限（{what}：{found}，上限 {limit}）。"
        "请删除远离表格的单元格，或将工作表保存为 CSV。",
    ),
    "unknown_encoding": Text("未知编码", "无法读取 {encoding}；可用的有 {known}。"),
    "unknown_delimiter": Text("未知分隔符", "{delimiter} 不是分隔符；可用的有 {known}。"),
    "unknown_sheet": Text("没有这个工作表", "没有工作表 {sheet}；现有 {known}。"),
    "unknown_column": Text("没有这一列", "没有用于 {role} 的列 {column}；现有 {known}。"),
    "no_sku_column": Text(
        "没有 SKU 列",
        "没有表示 SKU 的列。请在映射中指定，或使用以下名称之一：{known}。读到的表头：{header}。",
    ),
    "invalid_code_rule": Text(
        "编码规则无效", "规则 {rule} 无法生成编码：{why}。可指定的列：{known}。"
    ),
}

"""What words among the facts of a refusal stand for, in the reader's language.

They are keyed by the refusal's `code` and the fact's name. A text may name other facts that stand
beside its word.
"""

from collections.abc import Mapping

_STATES = "import_not_ready.state"
_FOUND = "unreadable_file.found"
_BOUND = "unpacked_too_large.what"
_RULE = "invalid_code_rule.why"
_BREAK = "undo_breaks.why"

WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        _STATES: {
            "waiting": "being read",
            "previewed": "to be confirmed",
            "refused": "one that could not be read",
            "cancelled": "cancelled",
            "confirmed": "being brought in",
            "applied": "brought in",
            "stopped": "stopped on the way",
            "undone": "taken back",
        },
        _FOUND: {
            "empty": "The file is empty. Export it again where it comes from.",
            "old_excel": "This is an old Excel file (.xls) or a workbook with a password. "
            "Open it in Excel and save it as XLSX, without a password.",
            "pdf": "This is a PDF, which holds no table that can be read. "
            "Export the table as CSV or XLSX instead.",
            "html": "This is a web page, whatever it is called. "
            "Open it in Excel and save it as XLSX or CSV.",
            "gzip": "The file is compressed (gzip). Unpack it, and send what was in it.",
            "binary": "The file holds neither text nor a workbook. "
            "Save the table as CSV, TSV or XLSX.",
            "damaged": "The workbook is damaged. "
            "Open it in Excel and save it again as XLSX, or as CSV.",
            "broken_quotes": "In too many rows a quotation mark is not closed or stands in the "
            "wrong place, line {line} among them. Export the file again, or save it as XLSX.",
            "too_demanding": "Reading the workbook takes too much memory or time. "
            "Save the sheet as CSV.",
        },
        _BOUND: {
            "bytes": "bytes",
            "ratio": "times its size",
            "entries": "parts",
            "cells": "cells between its outermost ones",
        },
        _RULE: {
            "too_long": "it is too long",
            "unknown_column": "it names a column that there is not",
            "unpaired_braces": "its braces do not come in pairs",
            "no_column": "it names no column in braces",
        },
        _BREAK: {
            "units_gone": "{shortfall_units} of them sold, held or moved since",
            "sku_gone": "the SKU was reset",
            "location_gone": "the location is closed",
            "balance_too_large": "the number would be too large",
        },
    },
    "ja": {
        _STATES: {
            "waiting": "読み取り中",
            "previewed": "確認待ち",
            "refused": "読み取り不可",
            "cancelled": "キャンセル済み",
            "confirmed": "取り込み中",
            "applied": "取り込み済み",
            "stopped": "途中で停止",
            "undone": "取り消し済み",
        },
        _FOUND: {
            "empty": "ファイルが空です。元のシステムからもう一度書き出してください。",
            "old_excel": "古い形式のExcelファイル（.xls）か、パスワード付きのブックです。"
            "Excelで開き、パスワードなしのXLSX形式で保存し直してください。",
            "pdf": "PDFからは表を読み取れません。元のシステムからCSVかXLSXで書き出してください。",
            "html": "拡張子にかかわらず、中身はWebページ（HTML）です。"
            "Excelで開き、XLSXかCSVで保存し直してください。",
            "gzip": "圧縮されたファイル（gzip）です。展開してから、中のファイルを送ってください。",
            "binary": "テキストでもブックでもないファイルです。"
            "表をCSV、TSV、XLSXのいずれかで保存してください。",
            "damaged": "ブックが壊れています。"
            "Excelで開いてXLSXで保存し直すか、CSVで保存してください。",
            "broken_quotes": "引用符が閉じていない、または位置がおかしい行が多すぎます"
            "（{line}行目など）。ファイルを書き出し直すか、XLSXで保存してください。",
            "too_demanding": "ブックの読み取りに、メモリまたは時間がかかりすぎます。"
            "シートをCSVで保存してください。",
        },
        _BOUND: {
            "bytes": "バイト数",
            "ratio": "圧縮時に対する倍率",
            "entries": "ブック内のファイル数",
            "cells": "端から端までのセル数",
        },
        _RULE: {
            "too_long": "長すぎます",
            "unknown_column": "ない列を指定しています",
            "unpaired_braces": "波かっこの対応が取れていません",
            "no_column": "波かっこで列を指定していません",
        },
        _BREAK: {
            "units_gone": "うち{shortfall_units}個は販売・引当・移動済み",
            "sku_gone": "SKUはリセット済み",
            "location_gone": "拠点は閉鎖済み",
            "balance_too_large": "数が大きくなりすぎます",
        },
    },
    "zh": {
        _STATES: {
            "waiting": "读取中",
            "previewed": "待确认",
            "refused": "无法读取",
            "cancelled": "已取消",
            "confirmed": "导入中",
            "applied": "已导入",
            "stopped": "中途停止",
            "undone": "已撤销",
        },
        _FOUND: {
            "empty": "文件是空的。请从来源系统重新导出。",
            "old_excel": "这是旧版 Excel 文件（.xls）或带密码的工作簿。"
            "请用 Excel 打开，另存为不带密码的 XLSX。",
            "pdf": "PDF 中的表格无法读取。请从来源系统导出为 CSV 或 XLSX。",
            "html": "无论扩展名是什么，文件内容是网页（HTML）。"
            "请用 Excel 打开，另存为 XLSX 或 CSV。",
            "gzip": "文件经过压缩（gzip）。请先解压，再发送其中的文件。",
            "binary": "文件既不是文本，也不是工作簿。请将表格保存为 CSV、TSV 或 XLSX。",
            "damaged": "工作簿已损坏。请用 Excel 打开并重新保存为 XLSX，或保存为 CSV。",
            "broken_quotes": "引号未闭合或位置不对的行过多（例如第 {line} 行）。"
            "请重新导出文件，或保存为 XLSX。",
            "too_demanding": "读取该工作簿需要过多内存或时间。请将工作表保存为 CSV。",
        },
        _BOUND: {
            "bytes": "字节数",
            "ratio": "相对压缩大小的倍数",
            "entries": "内部文件数",
            "cells": "首尾单元格之间的单元格数",
        },
        _RULE: {
            "too_long": "规则过长",
            "unknown_column": "指定了不存在的列",
            "unpaired_braces": "花括号不成对",
            "no_column": "没有用花括号指定列",
        },
        _BREAK: {
            "units_gone": "其中 {shortfall_units} 件已售出、预占或移走",
            "sku_gone": "SKU 已重置",
            "location_gone": "仓库已关闭",
            "balance_too_large": "数量会过大",
        },
    },
}

"""What a column's name says about its role: words of shops, newsrooms and the usual public data sets."""

from __future__ import annotations

import re

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[\u4e00-\u9fff]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


USER = _words(
    "user uid customer household hh visitor member client reader person account reviewer buyer shopper "
    "student consumer guest profile viewer listener patron userid visitorid customerid memberid "
    "clientid subscriber 用户 会员 顾客 客户"
)
ITEM = _words(
    "item iid product pid movie film book news article place restaurant venue song track artist album "
    "game isbn asin sku ean upc gtin doc document video course recipe listing offer post hotel anime "
    "manga paper app podcast episode coupon business poi dish beer wine title content story page itemid "
    "productid movieid bookid newsid articleid placeid goods 商品 物品 产品 电影 图书 文章 新闻 餐厅"
)
CODES = _words("isbn asin sku ean upc gtin pid iid uid")  # words that are ids by themselves
ID = _words("id ids key no nr number num code hash token uuid guid identifier isbn asin sku final 编号 号")
RATING = _words("rating ratings score scores stars star overall rate grade points vote 评分 打分")
LIKE = _words("like liked likes thumbs preference thumb 喜欢")
CLICK = _words(
    "click clicked clicks label target y watched purchased bought converted conversion accepted 点击"
)
QUANTITY = _words("quantity qty count plays playcount listens frequency times weight units 数量")
EVENT = _words("event action behavior behaviour interaction activity type feedback 行为 事件")
TIME = _words("time timestamp date datetime ts when created at 时间 日期")
TITLE = _words("title name headline caption 标题 名称 名字 书名 片名 菜名")
TITLE_QUALIFIERS = _words("full original display short long en english local official main seo clean primary")
DESCRIPTION = _words(
    "description desc overview abstract body summary synopsis plot content blurb about details text "
    "review story tagline lead teaser bio introduction intro 描述 简介 摘要 内容 正文"
)
TAGS = _words(
    "tags tag genres genre category categories keywords keyword topics topic class classes cuisine "
    "cuisines themes theme labels subjects subject features styles style moods mood authors author "
    "artists artist actors cast stars directors director writers ingredients skills payment payments "
    "accepts languages countries allergens 标签 类别 分类 类型"
)
LEFT_OUT = _words(
    "url link href uri image img picture photo thumbnail icon path file uuid guid hash zip zipcode "
    "postcode postal phone fax tel telephone email mail address geom geometry latitude longitude lat "
    "lon lng isbn isbn13 isbn10 ean upc gtin sku asin 链接 图片 电话 地址"
)
LOADED = _words("created updated modified loaded inserted crawled scraped fetched imported added ingested")
RELEASED = _words("release released publish published publication premiere launch launched birth opened year")


def tokens(name: str) -> list[str]:
    """The lower-case words of a column name: ``movieId``, ``movie_id`` and ``Movie-ID`` are ``["movie",
    "id"]``."""
    return [word.casefold() for word in _SPLIT.findall(name)]


def readable(name: str) -> str:
    """A column name or a category as people read it: ``Latin_American`` is ``Latin American``."""
    return re.sub(r"(?<=\w)_+(?=\w)", " ", name).strip()


def id_score(name: str, nouns: frozenset[str], others: frozenset[str]) -> float:
    """0 to 1: how surely the name alone says "the id of one of these ``nouns``" (and not of ``others``)."""
    words = tokens(name)
    if not words:
        return 0.0
    found = [word for word in words if word in nouns]
    rest = [word for word in words if word not in nouns]
    if found and all(word in ID or word in ("parent", "x", "1", "13", "10") for word in rest):
        if len(words) == 1:
            return 0.95 if words[0] not in ("title", "content", "story", "page", "profile") else 0.3
        coded = any(word in ID or word in CODES for word in words)
        return (1.0 if rest == ["id"] and words[-1] == "id" else 0.9) if coded else 0.5
    if found and words[-1] in ID and not any(word in others for word in words):
        return 0.6
    if found and words[-1] in ("title", "name") and len(words) == 2:
        return 0.3
    return 0.0


def says(name: str, words: frozenset[str]) -> float:
    """1 for exactly such a word, less for a name that has it last or anywhere, 0 without it."""
    parts = tokens(name)
    if not parts:
        return 0.0
    if len(parts) == 1 and parts[0] in words:
        return 1.0
    if all(part in words for part in parts):
        return 0.95
    if parts[-1] in words:
        return 0.7
    return 0.5 if parts[0] in words else 0.3 if any(part in words for part in parts) else 0.0

// The service's own sentences in Chinese: [what it says, the same in Chinese]. The first that fits is taken.

/** "3 interactions and a sentence" -> "3 次互动和一句话". */
const basis = (text) =>
  text
    .split(" and ")
    .map((part) => part.replace(/^(\d+) interactions?$/, "$1 次互动").replace(/^a sentence$/, "一句话").replace(/^attributes$/, "个人属性"))
    .join("和")
    .replace(/^\d/, " $&"); // a digit stands apart from what is before it

const LEVELS = { "A first idea": "初步印象", Sure: "有把握", "Fairly sure": "比较有把握", "Not very sure": "不太有把握" };
const LANGUAGES = { English: "英语", Spanish: "西班牙语", Chinese: "中文", German: "德语", French: "法语", "Latin script, language not guessed": "拉丁字母，语种未定" };

const named = (text) => text.replace(/Latin script, language not guessed|[A-Z][a-z]+/g, (name) => LANGUAGES[name] ?? name);

export default [
  // why an item is where it is
  [/^liked by nobody yet$/, "还没有人喜欢过"],
  [/^liked by (\d+) of (\d+) users$/, "$2 位用户中有 $1 位喜欢"],
  [/^reads like “(.*)”, which you liked$/s, "与您喜欢的“$1”描述相近"],
  [/^reads like “(.*)”, which you rated lower$/s, "与您评分较低的“$1”描述相近"],
  [/^reads like “(.*)”, which you passed over$/s, "与您不感兴趣的“$1”描述相近"],
  [/^liked by people who like “(.*)”$/s, "喜欢“$1”的人也喜欢它"],
  [/^liked by people who tried “(.*)”$/s, "用过“$1”的人喜欢它"],
  [/^liked by the people who like “(.*)”$/s, "喜欢“$1”的人也喜欢它"],
  [/^reads like other things you liked$/, "与您喜欢的其他物品描述相近"],
  [/^reads like other things you tried$/, "与您用过的其他物品描述相近"],
  [/^liked by people who like what you like$/, "与您喜好相同的人喜欢它"],
  [/^liked by people like you$/, "与您相似的人喜欢它"],
  [/^has what you seem to like$/, "具备您似乎喜欢的特点"],
  [/^fits your sentence$/, "符合您的描述"],
  [/^liked less than most by people like you$/, "与您相似的人不太喜欢它"],
  [/^lacks what you seem to like$/, "缺少您似乎喜欢的特点"],
  [/^fits your sentence less than most$/, "不太符合您的描述"],
  [/^smaller reasons together$/, "其他较小的原因合计"],
  [/^its place among the new items, judged by their text$/, "凭文字判断，它在新品中的位置"],
  [/^nothing is known yet: drawn at random$/, "尚无所知，随机抽取"],
  [/^the signal “(.*)”$/s, "信号“$1”"],
  [/^pinned to the top of the list$/, "置顶"],
  [/^drawn at random, to learn about it$/, "随机抽取，以便了解它"],
  [/^moved up from place (\d+), for variety$/, "为增加变化，从第 $1 位提前"],
  [/^boosted: (.*)$/s, "提升：$1"],
  [/^held back: (.*)$/s, "压低：$1"],
  [/^similar text$/, "文字相近"],
  [/^similar words$/, "用词相近"],
  [/^shared words: (.*)$/s, "共同的词：$1"],
  // how sure a list is
  [/^Nothing to recommend\.$/, "没有可推荐的。"],
  [/^A blind guess: (nothing|nothing that tells these items apart) is known about this visitor, and nobody has liked anything yet\. The items are in random order\. Name a liked item or describe what is wanted\.$/, "纯属猜测：对这位访客尚无所知，也还没有人喜欢过任何物品，次序是随机的。请说出一件喜欢的物品，或描述想要什么。"],
  [/^A guess: nothing is known about this visitor, so this is the bestseller list\.$/, "猜测：对这位访客尚无所知，所以列出的是畅销榜。"],
  [/^Of ten bestsellers, past users went on to like ([\d.]+)\.$/, "十件畅销品中，过去的用户后来喜欢 $1 件。"],
  [/^A first idea from (.*) and the texts alone: nobody has liked anything yet\.$/, (from) => `初步印象，仅依据${basis(from)}和文字：还没有人喜欢过任何物品。`],
  [/^Little more than the bestseller list: from (.*) nothing personal could be shown to help the (\d+) past users it was tried on\.$/, (from, users) => `与畅销榜相差不大：在 ${users} 位过去的用户身上，没有看出${basis(from)}带来的个性化有帮助。`],
  [/^Little more than the bestseller list: next to nothing follows from (.*)\.$/, (from) => `与畅销榜相差不大：从${basis(from)}几乎得不出什么。`],
  [/^Unsure: (.*) and nothing liked among them\.$/, (from) => `没有把握：${basis(from)}，其中没有喜欢的。`],
  [/^One liked item would help most\.$/, "说出一件喜欢的物品最有帮助。"],
  [/^Untested, from (.*): the model was not tried on past users\.$/, (from) => `未经检验，依据${basis(from)}：模型没有在过去的用户身上试过。`],
  [/^(A first idea|Sure|Fairly sure|Not very sure), from ([^.]*)\.$/, (level, from) => `${LEVELS[level]}，依据${basis(from)}。`],
  [/^Of ten suggestions made from (\d+) interactions?, past users went on to like ([\d.]+); of ten bestsellers ([\d.]+)\.$/, "据 $1 条互动推荐十件，过去的用户后来喜欢 $2 件；畅销榜为 $3 件。"],
  [/^Resemblance by text and habits\.$/, "按文字和喜好判断相似。"],
  [/^Resemblance by text alone: nobody has met this item yet\.$/, "仅按文字判断相似：还没有人用过它。"],
  [/^known to (\d+) of (\d+) users; an answer settles (\d+)% of what is open$/, "$2 位用户中有 $1 位了解它；回答可消除 $3% 的未知"],
  [/^an answer settles (\d+)% of what is open$/, "回答可消除 $1% 的未知"],
  [/^Judged from (\d+) histor(?:y|ies) and what others did with it\.$/, "依据 $1 人的历史，以及其他人对它的反应。"],
  [/^Judged from (\d+) histor(?:y|ies) and its text alone, since nobody has met it\.$/, "依据 $1 人的历史和它的文字：还没有人用过它。"],
  [/^already met$/, "已接触过"],
  // the data
  [/^ratings from (.*) to (.*); (.*) and more is a like$/, "评分从 $1 到 $2，$3 及以上算喜欢"],
  [/^implicit: the weights of a person's events with an item add up; above 0 is a like$/, "隐式反馈：一个人对一件物品的各事件权重相加，大于 0 算喜欢"],
  [/^implicit: the weights of a person's events with an item add up; (.*) and more is a like$/, "隐式反馈：一个人对一件物品的各事件权重相加，$1 及以上算喜欢"],
  [/^no feedback: nobody has rated, bought or read anything yet$/, "还没有人评分、购买或浏览过"],
  [/^(\d+) people have five likes or more: habits help, and the weights lean on what is usual elsewhere\.$/, "有 $1 人喜欢五件以上：喜好有帮助，权重参考其他地方的经验。"],
  [/^(\d+) people have five likes or more: enough to learn from habits\.$/, "有 $1 人喜欢五件以上：足以从喜好中学习。"],
  [/^(No|\d+) (?:person has|people have) five likes or more: too few to learn much from habits\. Lists stay close to popularity and text, and say so\.$/, (n) => `${n === "No" ? "没有人" : `只有 ${n} 人`}喜欢五件以上：难以从喜好中学到很多。列表会接近畅销榜和文字，并如实说明。`],
  [/^Nobody has rated, bought or read anything yet: lists rest on the items' texts alone and cannot know what is popular\. A few likes from ten people already help\.$/, "还没有人评分、购买或浏览过：列表只依据物品的文字，不知道什么受欢迎。十个人各喜欢几件就有帮助。"],
  [/^Interactions have no times: what is new cannot be told from what is old\.$/, "互动没有时间，无法区分新旧。"],
  [/^(.* %) of the items have no interaction: they reach a list through their text and their features alone\.$/, "$1 的物品没有互动：只能凭文字和特征进入列表。"],
  [/^(.* %) of the users have fewer than three interactions: for them the list is mostly a guess from popularity\.$/, "$1 的用户互动少于三次：对他们来说，列表大多是凭热度猜测。"],
  [/^The most popular tenth of the items has (.* %) of the interactions: a bestseller list is a strong rival here\.$/, "最热门的十分之一物品占了 $1 的互动：畅销榜在这里是强劲的对手。"],
  [/^(\d+) items share their title with another one \(such as (.*)\): a list may show the same thing twice\. Merge them if they are the same\.$/s, "有 $1 件物品与别的物品同名（例如 $2）：列表可能重复出现同一件。若是同一件，请合并。"],
  [/^Ratings run from (.*) to (.*): (.*) and more is taken as a like \(set liked_at to change this\)\.$/, "评分从 $1 到 $2，$3 及以上算喜欢（可用 liked_at 更改）。"],
  [/^.+?: (\d+) of (\d+) rows left out \((.*)\)\.$/s, "$2 行中有 $1 行未列入（$3）。"],
  [/^the file names no events and no ratings: every row counts as "view", or a click where there is such a column\.$/, "文件没有事件或评分：每一行算作一次浏览（view），有点击列时算点击。"],
  [/^Texts seem to be in several languages \((.*)\): choose a multilingual encoder, which the default one is\.$/, (names) => `文字似乎有多种语言（${named(names)}）：请选用多语种编码器，默认的就是。`],
  [/^No item has a text: items that nobody has touched cannot be recommended\.$/, "没有物品有文字：没有人接触过的物品无法推荐。"],
  [/^(.* %) of the items have no text: only habits speak for them\.$/, "$1 的物品没有文字：只能依据喜好。"],
  [/^(.* %) of the items have neither a text nor an interaction: nothing can be known about them\. Give them a title\.$/, "$1 的物品既无文字也无互动：对它们一无所知。请给它们加上标题。"],
  [/^(.* %) of the ratings are likes: they hardly tell taste apart\. Another liked_at may serve better\.$/, "$1 的评分算喜欢：几乎分不出喜好。换一个 liked_at 可能更好。"],
  [/^Nothing is liked: there is no taste to learn from\.$/, "没有任何喜欢：无从学习喜好。"],
  [/^(\d+) users have exactly the same history as another one: test accounts or robots count as so many people\.$/, "有 $1 位用户与别人的历史完全相同：测试账号或机器人也会被当作这么多人。"],
  // the columns
  [/^by its name$/, "由列名判断"],
  [/^as you said$/, "按您的指定"],
  [/^as in the interactions$/, "与事件表一致"],
  [/^its cells are lists$/, "单元格是列表"],
  [/^its cells are lists of recurring parts$/, "单元格由重复出现的部分组成"],
  [/^nearly every cell is different$/, "几乎每格都不同"],
  [/^the same in every row$/, "每行都相同"],
  [/^every cell is empty$/, "全部为空"],
  [/^(\d+) different texts, (\d+) % of cells share theirs$/, "$1 种不同文字，$2 % 的格与别的格相同"],
  [/^(\d+) different numbers$/, "$1 个不同的数"],
  [/^long texts \((\d+) characters on average\), nearly all different$/, "长文字（平均 $1 个字符），几乎都不同"],
  [/^no role for its name and content$/, "列名和内容都看不出用途"],
  // access
  [/^this needs the role (\w+); the key has (\w+)\.$/, "需要的权限是 $1，此密钥的权限是 $2。"],
  [/^(\d+) events of pairs without a rating count as ratings, of (.+) where they are a like and (.+) where they are none; (\d+) beside a rating say nothing more$/, "$1 个没有评分的事件按评分计：喜欢的算 $2 分，否则算 $3 分；另有 $4 个事件因已有评分而不再计"],
  [/^(\d+) ratings count as events, of weight (.+) from (.+) on and (.+) below; (\d+) events beside a rating say nothing more$/, "$1 个评分按事件计：$3 分及以上权重为 $2，以下为 $4；另有 $5 个事件因已有评分而不再计"],
  // a fit
  [/^Reading texts$/, "正在读取文字"],
  [/^Learning from past users$/, "正在向过去的用户学习"],
  [/^there are newer ones\.$/, "已有更新的版本。"],
  [/^After (.+) shown nothing was measured: (?:only (\d+) users? (?:has|have)|nobody has) something to look for beyond (\d+) interactions?\.$/, (known, users, beyond) => `已知 ${known} 条的情形未测：已知 ${beyond} 条之外还有可检验内容的用户${users ? `只有 ${users} 位` : "一位也没有"}。`],
  [/^the service was stopped\.$/, "服务被停止。"],
  [/^it had learned from somebody who was erased\.$/, "它学过一位已被删除的人的数据。"],
];

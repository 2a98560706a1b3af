"""What the pages say, in English and in simplified Chinese.

The English text is the key: `words("accuracy")`. Chinese terms are those of the documents that
rushlight follows: 层, 小批量, 激活函数, 参数, 反向传播.
"""

from html import escape

from rushlight.app.errors import CliError

LANGUAGES = ("en", "zh")

ZH = {
    # both pages
    "made by rushlight {version}": "由 rushlight {version} 生成",
    "image {i}": "图像 {i}",
    "and {n} more": "另有 {n} 项",
    "layer": "层",
    "class": "类",
    "output": "输出",
    "input": "输入",
    "parameters": "参数",
    "multiply-adds": "乘加次数",
    "images": "图像数",
    # the report
    "training": "训练中",
    "epoch {done} of {all}": "第 {done} 轮，共 {all} 轮",
    "epoch {done} of {all}, batch {batch} of {batches}": (
        "第 {done} 轮，共 {all} 轮；第 {batch} 个小批量，共 {batches} 个"
    ),
    "stopped after epoch {done} of {all}": "已停止：完成 {done} 轮，共 {all} 轮",
    "The run has ended, or was stopped. Its page is report.html in its folder.": (
        "训练已结束或已停止。页面保存在运行目录的 report.html 中。"
    ),
    "test accuracy": "测试准确率",
    "validation accuracy": "验证准确率",
    "accuracy": "准确率",
    "right": "正确",
    "{right} of {all}": "{right} / {all}",
    "test loss": "测试损失",
    "validation loss": "验证损失",
    "loss": "损失",
    "best epoch": "最佳轮次",
    "best": "最佳",
    "epoch": "轮次",
    "learning rate": "学习率",
    "time": "用时",
    "{n} s": "{n} 秒",
    "{n} min": "{n} 分钟",
    "train": "训练",
    "valid": "验证",
    "Curves": "曲线",
    "Loss and accuracy after each epoch. The dots are the best epoch on the validation images.": (
        "每轮之后的损失与准确率。圆点为验证集上最佳的一轮。"
    ),
    "Loss and accuracy after each epoch.": "每轮之后的损失与准确率。",
    "Warnings": "警告",
    "Confusion": "混淆矩阵",
    "Rows are what an image is, columns what the model says. Choose a cell to see its images.": (
        "行为图像的真实类别，列为模型的预测。点击格子查看其中的图像。"
    ),
    "Rows are what an image is, columns what the model says.": (
        "行为图像的真实类别，列为模型的预测。"
    ),
    "the class": "真实类别",
    "the model's answer": "模型的预测",
    "{label} taken for {answer}: {n}": "{label} 被预测为 {answer}：{n}",
    "{label} recognised: {n}": "{label} 预测正确：{n}",
    "most often confused": "最常混淆",
    "close": "关闭",
    "Classes": "各类别",
    "Precision: of the images that the model gives this class, the share that are right. "
    "Recall: of the class's images, the share that is found. F1 is their harmonic mean.": (
        "精确率：预测为该类的图像中正确的比例。召回率：该类图像中被找出的比例。"
        "F1 为二者的调和平均。"
    ),
    "precision": "精确率",
    "recall": "召回率",
    "F1": "F1",
    "mean": "平均",
    "Worst mistakes": "最严重的错误",
    "Wrong answers by loss, the largest first: the class, the answer and how sure the model was.": (
        "按损失从大到小排列的错误：真实类别、预测及其概率。"
    ),
    "There is none: every answer was right.": "没有错误：全部预测正确。",
    "Surest": "最有把握",
    "The right answers of which the model was surest.": "模型最有把握的正确预测。",
    "Least sure": "最没有把握",
    "The images of which the model was least sure, right or wrong.": (
        "模型最没有把握的图像，无论对错。"
    ),
    "A training batch": "一个训练小批量",
    "As the model saw it, after augmentation.": "模型实际看到的样子（数据增强之后）。",
    "As the model saw it.": "模型实际看到的样子。",
    "Layers": "层",
    "In the order of their calls, for one image.": "按调用顺序，输入一张图像。",
    "Repeat it": "重复此次运行",
    "The same command gives the same numbers.": "同一命令得到相同的数值。",
    "Data, model and settings": "数据、模型与设置",
    "{n} images": "{n} 张图像",
    "{label}: {n} images to train on, fewer than {few}": (
        "{label}：只有 {n} 张训练图像，少于 {few}"
    ),
    "{label}: nothing to test it with": "{label}：没有测试样本",
    "{label}: none of its test examples is recognised": "{label}：没有一个测试样本预测正确",
    "the loss is no better than guessing's: {loss} (guessing among {k} classes has {guess})": (
        "损失不优于随机猜测：{loss}（在 {k} 个类别中猜测为 {guess}）"
    ),
    "the loss was nan or infinite in epoch {epoch}": "第 {epoch} 轮的损失为 nan 或无穷",
    "validation loss rises since epoch {epoch}, training loss falls: the model overfits": (
        "第 {epoch} 轮之后验证损失上升而训练损失下降：模型过拟合"
    ),
    # the walk
    "The walk": "逐层走查",
    "A mini-batch of {n} through the model, layer by layer.": (
        "一个大小为 {n} 的小批量逐层通过模型。"
    ),
    "A mini-batch of {n} images through the model, layer by layer.": (
        "由 {n} 张图像组成的小批量逐层通过模型。"
    ),
    "Graph": "计算图",
    "weights": "权重",
    "trainable": "其中可训练",
    "a column is a filter, a row a channel": "一列是一个卷积核，一行是一个通道",
    "mini-batch": "小批量",
    "Input": "输入",
    "Output": "输出",
    "Steps": "各层",
    "The model's answers": "模型的预测",
    "softmax of the output": "输出的 softmax",
    "the output, which sums to 1": "输出（和为 1）",
    "answer": "预测",
    "before": "激活前",
    "after": "激活后",
    "min": "最小",
    "max": "最大",
    "zeros": "零的比例",
    "a function": "函数",
    "within {name}": "位于 {name}",
    "dead in this batch: {n} of {all}": "在此小批量中失活：{n} / {all}",
    "first {n} of {all} maps": "前 {n} 个特征图，共 {all} 个",
    "{all} maps": "{all} 个特征图",
    "first {n} of {all} filters": "前 {n} 个卷积核，共 {all} 个",
    "{all} filters": "{all} 个卷积核",
    "weights of the first {n} of {all} units, as images": (
        "前 {n} 个神经元的权重，以图像显示（共 {all} 个）"
    ),
    "weights of the {all} units, as images": "{all} 个神经元的权重，以图像显示",
    "weights, one row per unit": "权重，每行一个神经元",
    "weights again, see step {i}": "权重与第 {i} 步相同",
    "Pictures": "图例",
    "Each picture has a scale of its own: blue is below zero, orange above.": (
        "每幅图有各自的刻度：蓝色为负，橙色为正。"
    ),
    "Zero for the whole mini-batch: a dead unit.": "在整个小批量上为零：失活的神经元。",
    "Parameters": "参数",
    "The first two entries of each ([:2]), its numbers, and its gradient for this mini-batch.": (
        "每个参数的前两项（[:2]）、数值分布，以及此小批量的梯度（反向传播得到）。"
    ),
    "values": "数值",
    "gradient": "梯度",
    "no gradient": "没有梯度",
    "all zero": "全为零",
    "The loss of the gradients: cross-entropy against the labels.": (
        "梯度所用的损失：与标签的交叉熵。"
    ),
    "The loss of the gradients: cross-entropy against the model's own answers, as there are no "
    "labels.": "梯度所用的损失：与模型自身预测的交叉熵（没有标签）。",
    "The loss of the gradients: the mean square of the output.": "梯度所用的损失：输出的均方。",
    "random numbers": "随机数",
    "structure": "结构",
    "label {label}": "标签 {label}",
    "norm": "范数",
    "std": "标准差",
    "loss by learning rate": "不同学习率下的损失",
    "no rate lets the loss fall": "没有使损失下降的学习率",
    "suggestion: {rate}": "建议：{rate}",
    "runs": "运行列表",
    "run": "运行",
    "data": "数据",
    "model": "模型",
    "optimizer": "优化器",
    "lr": "学习率",
    "batch": "批大小",
    "batch_size": "批大小",
    "epochs": "轮数",
    "test": "测试",
    "seconds": "秒",
    "trial": "试验",
    "state": "状态",
    "width": "宽度",
    "settings and accuracy of the trials": "各次试验的设置与准确率",
}


class Words:
    """words(text): the text in the page's language."""

    def __init__(self, code: str = "en"):
        if code not in LANGUAGES:
            raise CliError(f"no pages in {code!r}; choose from {', '.join(LANGUAGES)}")
        self.code = code

    def __call__(self, text: str, **fields: object) -> str:
        text = text if self.code == "en" else ZH[text]
        return text.format(**fields) if fields else text

    def html(self, text: str, **fields: object) -> str:
        """The same, escaped for a page."""
        return escape(self(text, **fields))

/* Looks at a mail as a reader does, and says what is wrong with it, a line each. */
({ rtl }) => {
  const found = new Set();
  const width = document.documentElement.clientWidth;
  const say = (node, what) => found.add(`${JSON.stringify(node.textContent.trim().slice(0, 40))} ${what}`);

  const excess = document.documentElement.scrollWidth - width;
  if (excess > 0) found.add(`the mail is ${excess} pixels too wide`);

  // https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const luminance = (channels) => {
    const [red, green, blue] = channels.slice(0, 3).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const back = colour(getComputedStyle(each).backgroundColor);
      if (back.length === 3 || back[3] === 1) return back;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const lights = [colour(getComputedStyle(element).color), behind(element)].map(luminance).sort((a, b) => b - a);
    return (lights[0] + 0.05) / (lights[1] + 0.05);
  };
  const clips = (element) => ["hidden", "clip"].includes(getComputedStyle(element).overflowX);

  // The colours that a browser gives a link which has none, in light and in dark.
  const plain = ["rgb(0, 0, 238)", "rgb(158, 158, 255)"];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const element = node.parentElement;
    if (!node.textContent.trim() || ["STYLE", "SCRIPT"].includes(element.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
    if (!boxes.length) continue; // the preheader
    const seen = contrast(element);
    if (seen < 4.5) say(node, `has a contrast of ${seen.toFixed(2)}`);
    if (plain.includes(getComputedStyle(element).color)) say(node, "is a link in the browser's own colour");
    let left = 0, right = width;
    for (let each = element; each !== document.body; each = each.parentElement) {
      if (!clips(each)) continue;
      const box = each.getBoundingClientRect();
      [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    }
    if (boxes.some((box) => box.left < left - 1 || box.right > right + 1)) say(node, "is cut off");
  }

  const direction = getComputedStyle(document.documentElement).direction;
  if ((direction === "rtl") !== rtl) found.add(`the mail runs from ${direction === "rtl" ? "right to left" : "left to right"}`);
  for (const block of document.querySelectorAll(".words > div")) {
    const align = getComputedStyle(block).textAlign;
    if ((align === "right") !== rtl) say(block, `stands ${align}`);
  }
  for (const button of document.querySelectorAll(".button table")) {
    const [box, cell] = [button.getBoundingClientRect(), button.closest("td").getBoundingClientRect()];
    if ((cell.right - box.right < box.left - cell.left) !== rtl) say(button, "stands at the wrong side");
  }
  return [...found];
}

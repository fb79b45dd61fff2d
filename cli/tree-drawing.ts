/** Trees for a terminal, drawn with lines. */

export type TreeNode = {
  /** The first stands at the branch, the others below it. Safe to print (plain-text.ts). */
  lines: string[];
  children: TreeNode[];
};

export function drawTree(root: TreeNode): string {
  const drawn: string[] = [];
  const draw = ({ lines, children }: TreeNode, branch: string, below: string): void => {
    const trunk = children.length > 0 ? "│  " : "   ";
    lines.forEach((line, at) => drawn.push(at === 0 ? branch + line : below + trunk + line));
    children.forEach((child, at) => {
      const isLast = at === children.length - 1;
      draw(child, below + (isLast ? "└─ " : "├─ "), below + (isLast ? "   " : "│  "));
    });
  };
  draw(root, "", "");
  return drawn.map((line) => `${line}\n`).join("");
}

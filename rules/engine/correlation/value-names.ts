/** Numbers for texts, given back when their last use is over: distinct values are counted by them. */
export interface ValueNames {
  take(text: string): number;
  release(id: number): void;
}

export function createValueNames(): ValueNames {
  const ids = new Map<string, number>();
  const texts: string[] = [];
  const uses: number[] = [];
  const free: number[] = [];
  return {
    take(text) {
      const known = ids.get(text);
      if (known !== undefined) {
        uses[known] = (uses[known] as number) + 1;
        return known;
      }
      const id = free.pop() ?? texts.length;
      ids.set(text, id);
      texts[id] = text;
      uses[id] = 1;
      return id;
    },
    release(id) {
      const left = (uses[id] as number) - 1;
      uses[id] = left;
      if (left > 0) return;
      ids.delete(texts[id] as string);
      texts[id] = "";
      free.push(id);
    },
  };
}

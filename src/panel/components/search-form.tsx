/** A field for words and the button that looks for them. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface SearchFormProps {
  readonly label: string;
  readonly submit: string;
  readonly value: string;
  readonly onSearch: (words: string) => void;
}

export function SearchForm({ label, submit, value, onSearch }: SearchFormProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current) field.current.value = value;
  }, [value]);
  return (
    <search>
      <form
        class="search-form"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(field.current?.value ?? "");
        }}
      >
        <Icon name="search" />
        <input class="field" type="search" ref={field} aria-label={label} placeholder={label} maxLength={2000} />
        <button type="submit" class="button">
          {submit}
        </button>
      </form>
    </search>
  );
}

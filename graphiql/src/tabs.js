// The starter tabs, to be run one after another.
const variables = (value) => JSON.stringify(value, null, 2)

export const starterTabs = [
  {
    query: `# 1. Make an account. The values are under "Variables".
# Run it with the play button or Ctrl-Enter.
mutation Register($input: RegisterInput!) {
  register(input: $input) {
    user {
      id
      email
      username
      createdAt
    }
  }
}
`,
    variables: variables({
      input: {
        email: 'kofi@example.com',
        username: 'kofi',
        password: 'a long walk to the river',
      },
    }),
  },
  {
    query: `# 2. Sign in. The page takes the access token into the
# field at the top, and sends it with every request.
mutation SignIn($input: LoginInput!) {
  login(input: $input) {
    accessToken
    tokenType
    expiresIn
    user {
      id
      username
    }
    session {
      id
      expiresAt
    }
  }
}
`,
    variables: variables({
      input: { email: 'kofi@example.com', password: 'a long walk to the river' },
    }),
  },
  {
    query: `# 3. Ask LEGBA, OSHUN, SHANGO or YEMAYA. "wait": false
# answers at once; the next tab watches the answer.
mutation Ask($input: AskAdvisorInput!) {
  askAdvisor(input: $input) {
    reading {
      id
      advisor
      status
      response
      sources {
        title
      }
      engine
      cost
    }
  }
}
`,
    variables: variables({
      input: {
        advisor: 'LEGBA',
        question: 'Two roads are open to me, and both look good. How do I choose?',
        wait: false,
      },
    }),
  },
  {
    query: `# 4. Watch the answer being written. The id is that of
# the reading you asked for last.
subscription Watch($id: ID!, $after: Int) {
  readingUpdates(id: $id, after: $after) {
    sequence
    text
    status
  }
}
`,
    variables: variables({ id: '' }),
  },
  {
    query: `# 5. Your readings, newest first.
# Give endCursor back as "after" for the next page.
query ReadBack($first: Int, $after: String) {
  readings(first: $first, after: $after) {
    totalCount
    nodes {
      id
      advisor
      question
      status
      response
      engine
      cost
      createdAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    variables: variables({ first: 5 }),
  },
]

// The operations of operations.graphql, as Relay has them: relay-compiler reads this file.
import { graphql } from 'relay-runtime'

graphql`
  mutation JobRegisterMutation($input: RegisterInput!) {
    register(input: $input) {
      user {
        id
      }
    }
  }
`

graphql`
  mutation JobLoginMutation($input: LoginInput!) {
    login(input: $input) {
      accessToken
      session {
        id
      }
      user {
        id
        username
      }
    }
  }
`

graphql`
  query JobProfileQuery {
    profile {
      id
      username
    }
  }
`

// #region operations
graphql`
  mutation JobAskMutation($input: AskAdvisorInput!, $connections: [ID!]!) {
    askAdvisor(input: $input) {
      edge @prependEdge(connections: $connections) {
        cursor
        node {
          id
          advisor
          status
        }
      }
      user {
        id
      }
    }
  }
`

graphql`
  mutation JobDeleteMutation($input: DeleteReadingInput!, $connections: [ID!]!) {
    deleteReading(input: $input) {
      deletedReadingId @deleteEdge(connections: $connections) @deleteRecord
      user {
        id
      }
    }
  }
`

graphql`
  query JobReadingsQuery($filter: ReadingFilter) {
    readings(first: 10, filter: $filter) @connection(key: "Job_readings", filters: ["filter"]) {
      edges {
        node {
          id
          advisor
        }
      }
    }
  }
`

graphql`
  subscription JobFollowSubscription($id: ID!, $after: Int, $generation: ID) {
    readingUpdates(id: $id, after: $after, generation: $generation) {
      generation
      sequence
      offset
      text
      status
    }
  }
`
// #endregion

graphql`
  subscription JobEventsSubscription {
    readingEvents {
      __typename
      ... on ReadingAsked {
        edge {
          node {
            id
            question
          }
        }
      }
      ... on ReadingChanged {
        reading {
          id
          status
        }
      }
      ... on ReadingDeleted {
        deletedReadingId
      }
    }
  }
`

graphql`
  query JobReadingQuery($id: ID!) {
    reading(id: $id) {
      id
      status
      response
    }
  }
`

graphql`
  mutation JobLogoutMutation {
    logout(input: { everywhere: false }) {
      revokedSessions
    }
  }
`
